"""The Terraform provider: tfplugin 6 on the outside, plain values on the inside."""
