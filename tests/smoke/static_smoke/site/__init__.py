"""What is known of the site before it is judged: its pages, its session, its manifest."""
