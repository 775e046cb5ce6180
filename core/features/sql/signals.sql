-- How many rows of each possible interest signal the shop has.
select
    (select count(*) from orders where units > 0) as orders,
    (select count(*) from events where kind = 'view') as views,
    (select count(*) from events where kind = 'cart') as carts,
    (select count(*) from reviews) as reviews
