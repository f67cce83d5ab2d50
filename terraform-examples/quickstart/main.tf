# Two machines in one virtual network, a collector in another, and a peering between the two.
# What is tapped, and where the copies go, is in tap.tf.

terraform {
  required_version = ">= 1.6"

  required_providers {
    # vtap's provider has azurerm's resource types, so this line is all that differs from HCL for Azure.
    azurerm = { source = "terraform.local/vtap/vtap" }
  }
}

provider "azurerm" {
  features {}

  # Any GUID will do: the simulated cloud makes the subscription. Leave it out to use ARM_SUBSCRIPTION_ID.
  subscription_id = "11111111-1111-1111-1111-111111111111"
}

resource "azurerm_resource_group" "quickstart" {
  name     = "rg-quickstart"
  location = "Germany West Central"
}

# The network that is watched.

resource "azurerm_virtual_network" "app" {
  name                = "vnet-app"
  resource_group_name = azurerm_resource_group.quickstart.name
  location            = azurerm_resource_group.quickstart.location
  address_space       = ["10.10.0.0/16"]
}

resource "azurerm_subnet" "web" {
  name                 = "snet-web"
  resource_group_name  = azurerm_resource_group.quickstart.name
  virtual_network_name = azurerm_virtual_network.app.name
  address_prefixes     = ["10.10.1.0/24"]
}

resource "azurerm_subnet" "data" {
  name                 = "snet-data"
  resource_group_name  = azurerm_resource_group.quickstart.name
  virtual_network_name = azurerm_virtual_network.app.name
  address_prefixes     = ["10.10.2.0/24"]
}

# The network that watches.

resource "azurerm_virtual_network" "security" {
  name                = "vnet-security"
  resource_group_name = azurerm_resource_group.quickstart.name
  location            = azurerm_resource_group.quickstart.location
  address_space       = ["10.20.0.0/16"]
}

resource "azurerm_subnet" "collector" {
  name                 = "snet-collector"
  resource_group_name  = azurerm_resource_group.quickstart.name
  virtual_network_name = azurerm_virtual_network.security.name
  address_prefixes     = ["10.20.1.0/24"]
}

# A peering is made of two sides. Traffic, and so the copies, pass when both are there.

resource "azurerm_virtual_network_peering" "app_to_security" {
  name                      = "app-to-security"
  resource_group_name       = azurerm_resource_group.quickstart.name
  virtual_network_name      = azurerm_virtual_network.app.name
  remote_virtual_network_id = azurerm_virtual_network.security.id
}

resource "azurerm_virtual_network_peering" "security_to_app" {
  name                      = "security-to-app"
  resource_group_name       = azurerm_resource_group.quickstart.name
  virtual_network_name      = azurerm_virtual_network.security.name
  remote_virtual_network_id = azurerm_virtual_network.app.id
}

# Azure keeps the first four addresses and the last of every subnet to itself: .4 is the first for a machine.

locals {
  machines = {
    web       = { subnet_id = azurerm_subnet.web.id, address = "10.10.1.4" }
    database  = { subnet_id = azurerm_subnet.data.id, address = "10.10.2.4" }
    collector = { subnet_id = azurerm_subnet.collector.id, address = "10.20.1.4" }
  }
}

resource "azurerm_network_interface" "machine" {
  for_each = local.machines

  name                = "nic-${each.key}"
  resource_group_name = azurerm_resource_group.quickstart.name
  location            = azurerm_resource_group.quickstart.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = each.value.subnet_id
    private_ip_address_allocation = "Static"
    private_ip_address            = each.value.address
  }
}

resource "azurerm_linux_virtual_machine" "machine" {
  for_each = local.machines

  name                  = "vm-${each.key}"
  resource_group_name   = azurerm_resource_group.quickstart.name
  location              = azurerm_resource_group.quickstart.location
  size                  = "Standard_D2s_v5"
  admin_username        = "azureuser"
  network_interface_ids = [azurerm_network_interface.machine[each.key].id]

  admin_ssh_key {
    username = "azureuser"
    # The private half of this key was thrown away; put your own here.
    public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHzU5EmQ9DCG5SyzXHBaq7GsqiMcoVFvF/snclaFzMhr quickstart"
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

  # A machine that is created before there is a TAP has to be deallocated and started before it can be tapped.
  depends_on = [azurerm_virtual_network_tap.collector]
}
