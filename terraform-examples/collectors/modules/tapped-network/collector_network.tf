# The network that watches: a subnet that copies arrive in, one that the collector is managed from, and what the first
# lets in.

resource "azurerm_virtual_network" "collector" {
  name                = "vnet-collector"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location
  address_space       = ["10.20.0.0/16"]
}

resource "azurerm_subnet" "capture" {
  name                 = "snet-capture"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.collector.name
  address_prefixes     = ["10.20.1.0/24"]
}

resource "azurerm_subnet" "management" {
  name                 = "snet-management"
  resource_group_name  = azurerm_resource_group.this.name
  virtual_network_name = azurerm_virtual_network.collector.name
  address_prefixes     = ["10.20.2.0/24"]
}

# Traffic, and so the copies, pass when both sides of the peering are there.

resource "azurerm_virtual_network_peering" "to_collector" {
  name                      = "watched-to-collector"
  resource_group_name       = azurerm_resource_group.this.name
  virtual_network_name      = azurerm_virtual_network.watched.name
  remote_virtual_network_id = azurerm_virtual_network.collector.id
}

resource "azurerm_virtual_network_peering" "to_watched" {
  name                      = "collector-to-watched"
  resource_group_name       = azurerm_resource_group.this.name
  virtual_network_name      = azurerm_virtual_network.collector.name
  remote_virtual_network_id = azurerm_virtual_network.watched.id
}

# Copies are ordinary UDP when they arrive, so they need a rule once there is a rule that denies. They come from the
# tapped interfaces' own addresses, whatever addresses the frames inside have.

resource "azurerm_network_security_group" "capture" {
  name                = "nsg-capture"
  resource_group_name = azurerm_resource_group.this.name
  location            = azurerm_resource_group.this.location

  security_rule {
    name                       = "copies"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Udp"
    source_address_prefix      = "10.10.0.0/16"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "4789"
  }

  # Probes come from 168.63.129.16, which is what this tag stands for; where they do not pass, every backend is down.
  dynamic "security_rule" {
    for_each = var.health_port == null ? [] : [var.health_port]

    content {
      name                       = "probes"
      priority                   = 110
      direction                  = "Inbound"
      access                     = "Allow"
      protocol                   = "Tcp"
      source_address_prefix      = "AzureLoadBalancer"
      source_port_range          = "*"
      destination_address_prefix = "*"
      destination_port_range     = security_rule.value
    }
  }

  security_rule {
    name                       = "nothing-else"
    priority                   = 4096
    direction                  = "Inbound"
    access                     = "Deny"
    protocol                   = "*"
    source_address_prefix      = "*"
    source_port_range          = "*"
    destination_address_prefix = "*"
    destination_port_range     = "*"
  }
}

resource "azurerm_subnet_network_security_group_association" "capture" {
  subnet_id                 = azurerm_subnet.capture.id
  network_security_group_id = azurerm_network_security_group.capture.id
}
