data "vtap_eligibility" "web" {
  provider = azurerm

  network_interface_id   = azurerm_network_interface.web.id
  virtual_network_tap_id = azurerm_virtual_network_tap.collector.id
}

resource "azurerm_network_interface_tap_configuration" "web" {
  name                   = "to-collector"
  network_interface_id   = azurerm_network_interface.web.id
  virtual_network_tap_id = azurerm_virtual_network_tap.collector.id

  lifecycle {
    precondition {
      condition     = data.vtap_eligibility.web.eligible
      error_message = join("\n", data.vtap_eligibility.web.reasons)
    }
  }
}
