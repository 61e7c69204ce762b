"""Results as the browser draws them: by their kinds, never by a method's name."""
