-- What was wanted of each product, segment value and day: what happened (daily), and what could not for want of stock (lost_units)?
-- Units wanted are units + lost_units. A day may have one row of each.
select
    product_id, value, day, interest, orders, units, returned_units, revenue_cents, priced_units, discount_cents, guest_orders,
    largest_order_units, buyers, views, carts, wishlists, search_clicks, ad_impressions, ad_clicks,
    reviews, rated, rating_sum, low_ratings, sentiments, sentiment_sum, cast(0 as double) as lost_units
from daily
union all
select
    product_id, value, day, null as interest, null as orders, cast(0 as double) as units, null as returned_units, null as revenue_cents,
    null as priced_units, null as discount_cents, null as guest_orders, null as largest_order_units, null as buyers,
    null as views, null as carts, null as wishlists, null as search_clicks,
    null as ad_impressions, null as ad_clicks, null as reviews, null as rated, null as rating_sum, null as low_ratings,
    null as sentiments, null as sentiment_sum, lost_units
from lost_units
