from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class HistoryPages(Pages):
    """Studies with all their images: fewer on a page."""

    page_size = 20
