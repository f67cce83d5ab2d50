# The TAP sends to the load balancer's frontend, and the load balancer chooses a collector for each flow.

resource "azurerm_virtual_network_tap" "collectors" {
  name                = "tap-collectors"
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location

  destination_load_balancer_frontend_ip_configuration_id = azurerm_lb.collectors.frontend_ip_configuration[0].id
}

resource "azurerm_network_interface_tap_configuration" "source" {
  for_each = local.sources

  name                   = "to-collectors"
  network_interface_id   = azurerm_network_interface.machine[each.key].id
  virtual_network_tap_id = azurerm_virtual_network_tap.collectors.id
}

output "frontend_address" {
  description = "The address that copies are sent to."
  value       = azurerm_lb.collectors.private_ip_address
}

output "collector_addresses" {
  description = "The address of each collector."
  value       = { for name in keys(local.collectors) : name => azurerm_network_interface.machine[name].private_ip_address }
}
