-- Which days lie in the year before each origin, ranked by their age (0 = the origin itself), for all customers and for each segment?
select
    o.as_of, 'all' as segment, d.product_id, d.day, date_diff('day', d.day, o.as_of) as age,
    d.interest, d.orders, d.units, d.lost_units, d.returned_units, d.revenue_cents, d.priced_units, d.discount_cents, d.guest_orders,
    d.largest_order_units, d.views, d.carts, d.wishlists, d.search_clicks, d.ad_impressions,
    d.ad_clicks, d.reviews, d.rated, d.rating_sum, d.low_ratings, d.sentiments, d.sentiment_sum
from origin as o
inner join all_days as d on d.day <= o.as_of and date_diff('day', d.day, o.as_of) < 371
union all
select
    s.as_of, s.segment, d.product_id, d.day, date_diff('day', d.day, s.as_of) as age,
    d.interest, d.orders, d.units, d.lost_units, d.returned_units, d.revenue_cents, d.priced_units, d.discount_cents, d.guest_orders,
    d.largest_order_units, d.views, d.carts, d.wishlists, d.search_clicks, d.ad_impressions,
    d.ad_clicks, d.reviews, d.rated, d.rating_sum, d.low_ratings, d.sentiments, d.sentiment_sum
from origin as o
inner join segment_of as s on o.as_of = s.as_of
inner join daily_wanted as d on d.value = s.value and d.day <= s.as_of and date_diff('day', d.day, s.as_of) < 371
