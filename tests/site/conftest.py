from tests.site.static_folder import static_folder

__all__ = ["static_folder"]
