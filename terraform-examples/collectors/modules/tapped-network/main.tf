# What is around a collector: a network with two machines that are tapped, a network for the collector, a peering
# between the two. The collector itself, and the TAP that sends to it, are the caller's.

terraform {
  required_version = ">= 1.6"

  required_providers {
    azurerm = { source = "terraform.local/vtap/vtap" }
  }
}

resource "azurerm_resource_group" "this" {
  name     = "rg-${var.name}"
  location = var.location
}

# The network that is watched.

resource "azurerm_virtual_network" "watched" {
  name                = "vnet-watched"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  address_space       = ["10.10.0.0/16"]
}

locals {
  # The two that talk to each other. Azure keeps the first four addresses of a subnet: .4 is the first for a machine.
  sources = {
    web      = { prefix = "10.10.1.0/24", address = "10.10.1.4" }
    database = { prefix = "10.10.2.0/24", address = "10.10.2.4" }
  }
}

resource "azurerm_subnet" "source" {
  for_each = local.sources

  name                 = "snet-${each.key}"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.watched.name
  address_prefixes     = [each.value.prefix]
}

resource "azurerm_network_interface" "source" {
  for_each = local.sources

  name                = "nic-${each.key}"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = azurerm_subnet.source[each.key].id
    private_ip_address_allocation = "Static"
    private_ip_address            = each.value.address
  }
}

resource "azurerm_linux_virtual_machine" "source" {
  for_each = azurerm_network_interface.source

  name                  = "vm-${each.key}"
  resource_group_name   = azurerm_resource_group.this.name
  location              = azurerm_resource_group.this.location
  size                  = "Standard_D2s_v5"
  admin_username        = "azureuser"
  network_interface_ids = [each.value.id]

  admin_ssh_key {
    username   = "azureuser"
    public_key = var.public_key
  }

  os_disk {
    caching              = "ReadWrite"
    storage_account_type = "Standard_LRS"
  }

  source_image_reference {
    publisher = "Canonical"
    offer     = "ubuntu-24_04-lts"
    sku       = "server"
    version   = "latest"
  }

  # A machine that is created before there is a TAP has to be deallocated and started before it can be tapped; and one
  # that runs when it begins to be tapped may lose its network for a minute. So the machine comes last.
  depends_on = [azurerm_network_interface_tap_configuration.source]
}

# What is tapped.

resource "azurerm_network_interface_tap_configuration" "source" {
  for_each = local.sources

  name                   = "to-collector"
  network_interface_id   = azurerm_network_interface.source[each.key].id
  virtual_network_tap_id = var.virtual_network_tap_ids[each.key]

  # An interface can be tapped once its network reaches the collector's, so not before both sides of the peering.
  depends_on = [
    azurerm_virtual_network_peering.to_collector,
    azurerm_virtual_network_peering.to_watched,
  ]
}
