"""What a reader is told who is new here: the tour and the glossary."""
