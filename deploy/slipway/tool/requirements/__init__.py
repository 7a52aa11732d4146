"""The packages: what asks for them (*.in), their hash-locked files (`make lock`), and their installation."""
