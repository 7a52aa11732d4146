"""What Vite, webpack and their like have built: its names are kept."""
