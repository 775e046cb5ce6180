-- What did all customers do and want of each product, day by day?
select product_id, day,
    sum(interest) as interest, sum(units) as units, sum(returned_units) as returned_units, sum(revenue_cents) as revenue_cents,
    sum(priced_units) as priced_units, sum(discount_cents) as discount_cents, sum(orders) as orders, sum(guest_orders) as guest_orders,
    max(largest_order_units) as largest_order_units, sum(buyers) as buyers,
    sum(views) as views, sum(carts) as carts, sum(wishlists) as wishlists,
    sum(search_clicks) as search_clicks, sum(ad_impressions) as ad_impressions, sum(ad_clicks) as ad_clicks,
    sum(reviews) as reviews, sum(rated) as rated, sum(rating_sum) as rating_sum, sum(low_ratings) as low_ratings,
    sum(sentiments) as sentiments, sum(sentiment_sum) as sentiment_sum, sum(lost_units) as lost_units
from daily_wanted
group by product_id, day
