print("Starting: the libraries are loaded, which takes some seconds …", flush=True)

from app.main import main  # noqa: E402: the line above is to be read before

main()
