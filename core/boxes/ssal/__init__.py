"""S-SSAL's training on pseudo scenes, CPSP (Wang et al., arXiv 2501.15449): no network is here."""
