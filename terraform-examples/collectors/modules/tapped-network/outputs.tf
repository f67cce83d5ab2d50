output "resource_group_name" {
  description = "The resource group of everything."
  value       = azurerm_resource_group.this.name
}

output "location" {
  description = "The region of everything."
  value       = azurerm_resource_group.this.location
}

output "capture_subnet_id" {
  description = "The subnet that copies arrive in."
  value       = azurerm_subnet.capture.id
}

output "management_subnet_id" {
  description = "The subnet that collectors are managed from."
  value       = azurerm_subnet.management.id
}

output "public_key" {
  description = "The SSH key that logs in to the machines."
  value       = var.public_key
}
