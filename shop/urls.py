from django.urls import path

from . import views

app_name = "shop"
urlpatterns = [
    path("products/<slug:slug>/", views.ProductView.as_view(), name="product"),
    path("checkout/return/", views.checkout_return, name="checkout_return"),
    path("checkout/<slug:slug>/", views.CheckoutView.as_view(), name="checkout"),
    path("orders/<uuid:order_id>/", views.order, name="order"),
    path("orders/<uuid:order_id>/pay/", views.pay, name="pay"),
    path("paypal/webhook/", views.paypal_webhook, name="paypal_webhook"),
]
