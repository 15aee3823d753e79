"""What is said and heard: sentences, categories, keywords. Edited by community staff; read once at start."""
