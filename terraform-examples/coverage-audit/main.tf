# A network with a collector and two machines. Who of them is tapped is in tap.tf, the proof of it in audit.tf.

terraform {
  required_version = ">= 1.6"

  required_providers {
    azurerm = { source = "terraform.local/vtap/vtap" }
  }
}

provider "azurerm" {
  features {}

  subscription_id = "33333333-3333-3333-3333-333333333333"
}

variable "exempt" {
  description = "Machines that are not tapped. Name one, and the audit finds it."
  type        = set(string)
  default     = []
}

locals {
  watched  = toset(["web", "database"])
  machines = setunion(local.watched, ["collector"])
}

resource "azurerm_resource_group" "audit" {
  name     = "rg-audit"
  location = "Germany West Central"
}

resource "azurerm_virtual_network" "app" {
  name                = "vnet-app"
  resource_group_name = azurerm_resource_group.audit.name
  location            = azurerm_resource_group.audit.location
  address_space       = ["10.30.0.0/16"]
}

resource "azurerm_subnet" "app" {
  name                 = "snet-app"
  resource_group_name  = azurerm_resource_group.audit.name
  virtual_network_name = azurerm_virtual_network.app.name
  address_prefixes     = ["10.30.1.0/24"]
}

resource "azurerm_network_interface" "machine" {
  for_each = local.machines

  name                = "nic-${each.key}"
  resource_group_name = azurerm_resource_group.audit.name
  location            = azurerm_resource_group.audit.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = azurerm_subnet.app.id
    private_ip_address_allocation = "Dynamic"
  }
}

resource "azurerm_linux_virtual_machine" "machine" {
  for_each = local.machines

  name                  = "vm-${each.key}"
  resource_group_name   = azurerm_resource_group.audit.name
  location              = azurerm_resource_group.audit.location
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
