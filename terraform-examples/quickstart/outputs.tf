output "addresses" {
  description = "The address of each machine."
  value       = { for name, interface in azurerm_network_interface.machine : name => interface.private_ip_address }
}

output "virtual_network_tap_id" {
  description = "The TAP's ID, for more sources."
  value       = azurerm_virtual_network_tap.collector.id
}
