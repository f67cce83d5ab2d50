# The load balancer before the collectors. A TAP takes an internal frontend (one with a subnet) of the Standard SKU.

resource "azurerm_lb" "collectors" {
  name                = "lb-collectors"
  resource_group_name = azurerm_resource_group.lab.name
  location            = azurerm_resource_group.lab.location
  sku                 = "Standard"

  frontend_ip_configuration {
    name                          = "collect"
    subnet_id                     = azurerm_subnet.machines["snet-collector"].id
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.10.3.100"
  }
}

resource "azurerm_lb_backend_address_pool" "collectors" {
  name            = "collectors"
  loadbalancer_id = azurerm_lb.collectors.id
}

# VXLAN is UDP, which nobody answers. So a probe asks another port of the collector whether it is well.
resource "azurerm_lb_probe" "alive" {
  name                = "alive"
  loadbalancer_id     = azurerm_lb.collectors.id
  protocol            = "Tcp"
  port                = 8080
  interval_in_seconds = 5
}

# HA ports: all protocols on all ports, so that fragments, which have no port, take the same way.
resource "azurerm_lb_rule" "all_ports" {
  name                           = "ha-ports"
  loadbalancer_id                = azurerm_lb.collectors.id
  frontend_ip_configuration_name = azurerm_lb.collectors.frontend_ip_configuration[0].name
  protocol                       = "All"
  frontend_port                  = 0
  backend_port                   = 0
  backend_address_pool_ids       = [azurerm_lb_backend_address_pool.collectors.id]
  probe_id                       = azurerm_lb_probe.alive.id

  # What is hashed is the copy's outer header. Default hashes its ports too, which spreads the flows of one source
  # over all collectors; SourceIP keeps all that one source sends on one collector.
  load_distribution = "Default"
}

resource "azurerm_network_interface_backend_address_pool_association" "collector" {
  for_each = local.collectors

  network_interface_id    = azurerm_network_interface.machine[each.key].id
  ip_configuration_name   = azurerm_network_interface.machine[each.key].ip_configuration[0].name
  backend_address_pool_id = azurerm_lb_backend_address_pool.collectors.id
}
