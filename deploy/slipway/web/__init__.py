"""What the server imports: settings, storage, uploads, sign-in limits. No cloud library is loaded at start."""
