-- What the features step keeps in the warehouse between builds.
create table if not exists daily (
    product_id varchar, value varchar, day date,
    interest double, orders double, units double, returned_units double, revenue_cents double, priced_units double,
    discount_cents double, guest_orders double, largest_order_units double, buyers double, first_buys double, new_customers double,
    views double, carts double, wishlists double, search_clicks double, ad_impressions double, ad_clicks double,
    reviews double, rated double, rating_sum double, low_ratings double, sentiments double, sentiment_sum double
);
create table if not exists lost_units (product_id varchar, value varchar, day date, lost_units double);
-- Units wanted are units + lost_units: a day may have one row of what happened and one of what could not.
create or replace view daily_wanted as
select *, 0.0 as lost_units from daily
union all by name
select *, 0.0 as units from lost_units;
create table if not exists review_sentiment (review_id varchar, sentiment double);
create table if not exists daily_built (meaning varchar);
