# One busy network and three collectors behind an internal load balancer: should one fail, its flows move to the
# others. Everything is in one virtual network here; a peered one would do as well.

terraform {
  required_version = ">= 1.6"

  required_providers {
    azurerm = { source = "terraform.local/vtap/vtap" }
  }
}

provider "azurerm" {
  features {}

  # Any GUID will do: the simulated cloud makes the subscription. Leave it out to use ARM_SUBSCRIPTION_ID.
  subscription_id = "22222222-2222-2222-2222-222222222222"
}

resource "azurerm_resource_group" "lab" {
  name     = "rg-load-balanced-collector"
  location = "Germany West Central"
}

resource "azurerm_virtual_network" "lab" {
  name                = "vnet-lab"
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location
  address_space       = ["10.10.0.0/16"]
}

resource "azurerm_subnet" "machines" {
  for_each = {
    snet-web       = "10.10.1.0/24"
    snet-data      = "10.10.2.0/24"
    snet-collector = "10.10.3.0/24"
  }

  name                 = each.key
  resource_group_name  = azurerm_resource_group.lab.name
  virtual_network_name = azurerm_virtual_network.lab.name
  address_prefixes     = [each.value]
}

locals {
  sources    = { web = "snet-web", database = "snet-data" }
  collectors = { for letter in ["a", "b", "c"] : "collector-${letter}" => "snet-collector" }
}

resource "azurerm_network_interface" "machine" {
  for_each = merge(local.sources, local.collectors)

  name                = "nic-${each.key}"
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = azurerm_subnet.machines[each.value].id
    private_ip_address_allocation = "Dynamic" # the lowest address that is free
  }
}

resource "azurerm_linux_virtual_machine" "machine" {
  for_each = azurerm_network_interface.machine

  name                  = "vm-${each.key}"
  resource_group_name   = azurerm_resource_group.lab.name
  location              = azurerm_resource_group.lab.location
  size                  = "Standard_D2s_v5"
  admin_username        = "azureuser"
  network_interface_ids = [each.value.id]

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
  depends_on = [azurerm_virtual_network_tap.collectors]
}
