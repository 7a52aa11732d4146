"""The server's part: settings, storage, uploads, sign-in limits. It loads no cloud library at start."""
