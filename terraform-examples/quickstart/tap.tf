# The TAP: every packet that web and database send or receive is copied, wrapped in VXLAN and sent to the collector.
# azurerm has no resources for it; these two are vtap's.

resource "azurerm_virtual_network_tap" "collector" {
  name                = "tap-collector"
  resource_group_name = azurerm_resource_group.quickstart.name
  location            = azurerm_resource_group.quickstart.location

  # A TAP sends to one address: an interface's, as here, or that of an internal load balancer's frontend.
  destination_network_interface_ip_configuration_id = azurerm_network_interface.machine["collector"].ip_configuration[0].id
}

resource "azurerm_network_interface_tap_configuration" "source" {
  for_each = toset(["web", "database"])

  name                   = "to-collector"
  network_interface_id   = azurerm_network_interface.machine[each.key].id
  virtual_network_tap_id = azurerm_virtual_network_tap.collector.id

  # An interface can be tapped once its network reaches the collector's. Nothing above refers to the peerings, so
  # Terraform has to be told: without these lines it may come here before them, and the cloud refuses.
  depends_on = [
    azurerm_virtual_network_peering.app_to_security,
    azurerm_virtual_network_peering.security_to_app,
  ]
}
