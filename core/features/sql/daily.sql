-- What happened to each product, segment value and day, from $from_day on?
-- An order counts once per product and day: many tills restart their receipt numbers each morning, so that the same number on another day
-- is another order. Aggregate rows count the orders they stand for.
with customer_value as (
    select customer_id, min(value) as value
    from customers
    where attribute = $attribute
    group by customer_id
),

identified_orders as (
    select product_id, value, order_id, day, max(case when customer_id is null then 1 else 0 end) as guest, sum(units) as units
    from order_lines
    where units > 0 and order_id is not null and day >= $from_day
    group by product_id, value, order_id, day
),

order_days as (
    select product_id, value, day, count(*) as orders, sum(guest) as guest_orders, max(units) as largest_order_units
    from identified_orders
    group by product_id, value, day
    union all
    select product_id, value, day, sum(order_count) as orders,
        sum(case when customer_id is null then order_count else 0 end) as guest_orders, max(units) as largest_order_units
    from order_lines
    where units > 0 and order_id is null and day >= $from_day
    group by product_id, value, day
),

sale_days as (
    select
        product_id, value, day,
        sum(case when units > 0 then units else 0 end) as units,
        sum(case when units < 0 then -units else 0 end) as returned_units,
        sum(case when units > 0 then revenue_cents end) as revenue_cents,
        sum(case when units > 0 and revenue_cents is not null then units else 0 end) as priced_units,
        sum(case when units > 0 then discount_cents else 0 end) as discount_cents
    from order_lines
    where day >= $from_day
    group by product_id, value, day
),

buyer_days as (
    select product_id, value, day, count(distinct customer_id) as buyers
    from order_lines
    where units > 0 and customer_id is not null and day >= $from_day
    group by product_id, value, day
),

attention_days as (
    select
        e.product_id, coalesce(c.value, '') as value, cast(e.occurred_at as date) as day,
        count(case when e.kind = 'view' then 1 end) as views,
        count(case when e.kind = 'cart' then 1 end) as carts,
        count(case when e.kind = 'wishlist' then 1 end) as wishlists,
        count(case when e.kind = 'search_click' then 1 end) as search_clicks,
        count(case when e.kind = 'ad_impression' then 1 end) as ad_impressions,
        count(case when e.kind = 'ad_click' then 1 end) as ad_clicks
    from events as e
    left join customer_value as c on e.customer_id = c.customer_id
    where e.occurred_at >= $from_day
    group by e.product_id, coalesce(c.value, ''), cast(e.occurred_at as date)
),

review_days as (
    select
        r.product_id, coalesce(c.value, '') as value, cast(r.created_at as date) as day,
        count(*) as reviews,
        count(r.rating) as rated,
        sum(r.rating) as rating_sum,
        count(case when r.rating <= 2 then 1 end) as low_ratings,
        count(s.sentiment) as sentiments,
        sum(s.sentiment) as sentiment_sum
    from review_texts as r
    left join customer_value as c on r.customer_id = c.customer_id
    left join text_sentiment as s on r.text_sha256 = s.text_sha256 and s.encoder = $encoder
    where r.created_at >= $from_day
    group by r.product_id, coalesce(c.value, ''), cast(r.created_at as date)
),

every_key as (
    select product_id, value, day from order_days
    union
    select product_id, value, day from sale_days
    union
    select product_id, value, day from attention_days
    union
    select product_id, value, day from review_days
),

one_order_row as (
    select product_id, value, day, sum(orders) as orders, sum(guest_orders) as guest_orders, max(largest_order_units) as largest_order_units
    from order_days
    group by product_id, value, day
),

-- A shop without orders gives its views, carts or reviews as interest, and these stand in for units too.
final as (
    select
        k.product_id, k.value, k.day,
        cast(case $signal
            when 'views' then coalesce(a.views, 0)
            when 'carts' then coalesce(a.carts, 0)
            when 'reviews' then coalesce(r.reviews, 0)
            else coalesce(o.orders, 0) end as double) as interest,
        cast(coalesce(o.orders, 0) as double) as orders,
        cast(case $signal
            when 'views' then coalesce(a.views, 0)
            when 'carts' then coalesce(a.carts, 0)
            when 'reviews' then coalesce(r.reviews, 0)
            else coalesce(s.units, 0) end as double) as units,
        cast(coalesce(s.returned_units, 0) as double) as returned_units,
        cast(s.revenue_cents as double) as revenue_cents,
        cast(coalesce(s.priced_units, 0) as double) as priced_units,
        cast(coalesce(s.discount_cents, 0) as double) as discount_cents,
        cast(coalesce(o.guest_orders, 0) as double) as guest_orders,
        cast(coalesce(o.largest_order_units, 0) as double) as largest_order_units,
        cast(coalesce(b.buyers, 0) as double) as buyers,
        cast(coalesce(a.views, 0) as double) as views,
        cast(coalesce(a.carts, 0) as double) as carts,
        cast(coalesce(a.wishlists, 0) as double) as wishlists,
        cast(coalesce(a.search_clicks, 0) as double) as search_clicks,
        cast(coalesce(a.ad_impressions, 0) as double) as ad_impressions,
        cast(coalesce(a.ad_clicks, 0) as double) as ad_clicks,
        cast(coalesce(r.reviews, 0) as double) as reviews,
        cast(coalesce(r.rated, 0) as double) as rated,
        cast(coalesce(r.rating_sum, 0) as double) as rating_sum,
        cast(coalesce(r.low_ratings, 0) as double) as low_ratings,
        cast(coalesce(r.sentiments, 0) as double) as sentiments,
        cast(coalesce(r.sentiment_sum, 0) as double) as sentiment_sum
    from every_key as k
    left join one_order_row as o on k.product_id = o.product_id and k.value = o.value and k.day = o.day
    left join sale_days as s on k.product_id = s.product_id and k.value = s.value and k.day = s.day
    left join buyer_days as b on k.product_id = b.product_id and k.value = b.value and k.day = b.day
    left join attention_days as a on k.product_id = a.product_id and k.value = a.value and k.day = a.day
    left join review_days as r on k.product_id = r.product_id and k.value = r.value and k.day = r.day
)

select * from final
