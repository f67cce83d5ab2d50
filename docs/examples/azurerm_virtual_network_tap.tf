resource "azurerm_virtual_network_tap" "ndr" {
  name                = "vtap-ndr"
  resource_group_name = azurerm_resource_group.security.name
  location            = azurerm_resource_group.security.location

  # Either an interface …
  destination_network_interface_ip_configuration_id = azurerm_network_interface.collector.ip_configuration[0].id

  # … or the frontend of an internal Standard load balancer:
  # destination_load_balancer_frontend_ip_configuration_id = azurerm_lb.collectors.frontend_ip_configuration[0].id
}
