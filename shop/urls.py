from django.urls import include, path

from privacy.registry.purpose_binding import for_uses
from privacy.registry.purposes import Audience, Purpose

from .catalog import views as catalog_views
from .checkout import order_views, refund_views, views
from .checkout.find_orders import FindOrdersSentView, FindOrdersView
from .checkout.receipt import ReceiptView
from .terms import views as terms
from .webhooks import views as webhook_view

app_name = "shop"
catalog = [
    path("products/", catalog_views.CatalogView.as_view(), name="catalog"),
    path("products/<slug:slug>/", catalog_views.ProductView.as_view(), name="product"),
    path("products/pictures/<str:digest>/<str:size>.webp", catalog_views.picture, name="picture"),
]
buying = [
    path("checkout/return/", views.checkout_return, name="checkout_return"),
    path("checkout/cancelled/", views.checkout_cancelled, name="checkout_cancelled"),
    path("checkout/<slug:slug>/", views.CheckoutView.as_view(), name="checkout"),
    path("orders/find/", FindOrdersView.as_view(), name="find_orders"),
    path("orders/find/sent/", FindOrdersSentView.as_view(), name="find_orders_sent"),
    path("orders/<str:link_token>/", order_views.order, name="order"),
    path("orders/<str:link_token>/refund/", refund_views.refund, name="request_refund"),
    path("orders/<str:link_token>/pay/", order_views.pay, name="pay"),
    path("orders/<str:link_token>/receipt/", ReceiptView.as_view(), name="receipt"),
    path("orders/<str:link_token>/release-notices/", order_views.release_notices, name="release_notices"),
    path("orders/<str:link_token>/download/<uuid:file_id>/", order_views.prepare_download, name="prepare_download"),
    path("downloads/<str:token>/", order_views.download, name="download"),
    path("terms/", terms.TermsOverview.as_view(), name="terms"),
    path("terms/<slug:document>/", terms.ShopTermsPage.as_view(), name="terms_document"),
    path("paypal/webhook/", webhook_view.paypal_webhook, name="paypal_webhook"),
]
for_uses(catalog)  # nobody's rows
for_uses(buying, (Purpose.ORDER, Audience.PERSON))
staff = [path("admin/shop/reports/", include("shop.reports.urls"))]
urlpatterns = [*catalog, *buying, *staff]
