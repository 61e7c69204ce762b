from importlib import import_module

print("Starting: the libraries are loaded, which takes some seconds …", flush=True)  # so that this is read before they are
import_module("app.main").main()
