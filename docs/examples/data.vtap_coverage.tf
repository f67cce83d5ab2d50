data "vtap_coverage" "production" {
  provider = azurerm

  attached_only = true
  tags          = { environment = "production" }
}

check "every_production_machine_is_tapped" {
  assert {
    condition     = data.vtap_coverage.production.complete
    error_message = "Not tapped and heard: ${join(", ", data.vtap_coverage.production.gap_interface_ids)}"
  }
}
