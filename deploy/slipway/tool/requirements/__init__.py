"""The packages: their requirements (*.in), their hash-locked files (`make lock`), and their installation."""
