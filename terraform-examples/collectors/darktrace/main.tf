# Darktrace /NETWORK: two vSensors, each with one interface for everything, behind an internal load balancer.

terraform {
  required_version = ">= 1.6"

  required_providers {
    azurerm = { source = "terraform.local/vtap/vtap" }
  }
}

provider "azurerm" {
  features {}

  # Any GUID will do: the simulated cloud makes the subscription. Leave it out to use ARM_SUBSCRIPTION_ID.
  subscription_id = "33333333-3333-3333-3333-333333333333"
}

module "tapped_network" {
  source = "../modules/tapped-network"

  name        = "darktrace"
  health_port = 443
  virtual_network_tap_ids = {
    web      = azurerm_virtual_network_tap.collectors.id
    database = azurerm_virtual_network_tap.collectors.id
  }
}

locals {
  collectors = toset(["vsensor-a", "vsensor-b"])
}

resource "azurerm_network_interface" "capture" {
  for_each = local.collectors

  name                = "nic-${each.key}-capture"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location

  accelerated_networking_enabled = true
  ip_forwarding_enabled          = true

  ip_configuration {
    name                          = "internal"
    subnet_id                     = module.tapped_network.capture_subnet_id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_linux_virtual_machine" "collector" {
  for_each = local.collectors

  name                  = "vm-${each.key}"
  resource_group_name   = module.tapped_network.resource_group_name
  location              = module.tapped_network.location
  size                  = "Standard_D4s_v5"
  admin_username        = "azureuser"
  network_interface_ids = [azurerm_network_interface.capture[each.key].id]

  admin_ssh_key {
    username   = "azureuser"
    public_key = module.tapped_network.public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }

  # The vendor's image takes the place of this one.
  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }
}

resource "azurerm_lb" "collectors" {
  name                = "lb-vsensor"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location
  sku                 = "Standard"

  frontend_ip_configuration {
    name                          = "copies"
    subnet_id                     = module.tapped_network.capture_subnet_id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.20.1.100"
  }
}

resource "azurerm_lb_backend_address_pool" "collectors" {
  name            = "collectors"
  loadbalancer_id = azurerm_lb.collectors.id
}

resource "azurerm_network_interface_backend_address_pool_association" "capture" {
  for_each = azurerm_network_interface.capture

  network_interface_id    = each.value.id
  ip_configuration_name   = each.value.ip_configuration[0].name
  backend_address_pool_id = azurerm_lb_backend_address_pool.collectors.id
}

resource "azurerm_lb_probe" "health" {
  name                = "health"
  loadbalancer_id     = azurerm_lb.collectors.id
  protocol            = "Https"
  port                = 443
  request_path        = "/healthcheck"
  interval_in_seconds = 5
}

# Nothing but VXLAN. Later fragments show no port: a rule for HA ports takes them for sure, this one may not.
# SourceIP keeps all that one source sends on one collector, both directions of its flows together.
resource "azurerm_lb_rule" "copies" {
  name                           = "vxlan"
  loadbalancer_id                = azurerm_lb.collectors.id
  frontend_ip_configuration_name = azurerm_lb.collectors.frontend_ip_configuration[0].name
  protocol                       = "Udp"
  frontend_port                  = 4789
  backend_port                   = 4789
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.collectors.id]
  probe_id                       = azurerm_lb_probe.health.id
  load_distribution              = "SourceIP"
}

resource "azurerm_virtual_network_tap" "collectors" {
  name                = "tap-vsensor"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location

  destination_load_balancer_frontend_ip_configuration_id = azurerm_lb.collectors.frontend_ip_configuration[0].id
}

output "destination_address" {
  description = "The address that copies are sent to."
  value       = azurerm_lb.collectors.private_ip_address
}

output "capture_interfaces" {
  description = "The interfaces that copies arrive at."
  value       = [for interface in azurerm_network_interface.capture : interface.name]
}
