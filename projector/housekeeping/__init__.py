"""What a projector does beside folding: retention and audits."""
