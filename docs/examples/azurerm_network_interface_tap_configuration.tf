resource "azurerm_network_interface_tap_configuration" "web" {
  name                   = "to-ndr"
  network_interface_id   = azurerm_network_interface.web.id
  virtual_network_tap_id = azurerm_virtual_network_tap.ndr.id

  # Where the collector is in another network, both sides of the peering come first.
  depends_on = [
    azurerm_virtual_network_peering.app_to_security,
    azurerm_virtual_network_peering.security_to_app,
  ]
}
