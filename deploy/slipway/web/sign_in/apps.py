from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "slipway.web.sign_in"
    label = "slipway_sign_in"
    verbose_name = "Slipway: sign-ins"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        from slipway.web.sign_in import guard

        # Before any app's models, forms or views are loaded: most of them import authenticate() by name.
        guard.install()
