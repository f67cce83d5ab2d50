# eSentire MDR: a network sensor with a management interface and one that it watches.

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

  name = "esentire"
  virtual_network_tap_ids = {
    web      = azurerm_virtual_network_tap.collector.id
    database = azurerm_virtual_network_tap.collector.id
  }
}

resource "azurerm_network_interface" "management" {
  name                = "nic-esentire-management"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = module.tapped_network.management_subnet_id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_network_interface" "capture" {
  name                = "nic-esentire-capture"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = module.tapped_network.capture_subnet_id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_linux_virtual_machine" "collector" {
  name                = "vm-esentire"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location
  size                = "Standard_D4s_v5"
  admin_username      = "azureuser"
  network_interface_ids = [
    azurerm_network_interface.management.id,
    azurerm_network_interface.capture.id,
  ]

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

resource "azurerm_virtual_network_tap" "collector" {
  name                = "tap-esentire"
  resource_group_name = module.tapped_network.resource_group_name
  location            = module.tapped_network.location

  destination_network_interface_ip_configuration_id = azurerm_network_interface.capture.ip_configuration[0].id
}

output "destination_address" {
  description = "The address that copies are sent to."
  value       = azurerm_network_interface.capture.private_ip_address
}

output "capture_interfaces" {
  description = "The interfaces that copies arrive at."
  value       = [azurerm_network_interface.capture.name]
}
