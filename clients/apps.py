from django.apps import AppConfig

from privacy.registry.purposes import Purpose


class ClientsConfig(AppConfig):
    name = "clients"
    # A quote's page shows the message it answers and the orders it became.
    staff_acts_for = (Purpose.ANSWER_INQUIRY, Purpose.ORDER)

    def ready(self) -> None:
        from . import receivers  # noqa: F401  (importing connects them)
        from .agreements import agreements  # noqa: F401  (importing connects it)
        from .quotes import payments  # noqa: F401  (importing registers what an order covers)
