"""What a Hugging Face Space runs: the page with its defaults. It listens where the Space says, by GRADIO_SERVER_NAME and
GRADIO_SERVER_PORT."""

from app.main import main

if __name__ == "__main__":
    main([])
