-- How many rows has the shop of each possible interest signal?
select
    (select count(*) from orders where units > 0) as orders,
    (select count(*) from events where kind = 'view') as views,
    (select count(*) from events where kind = 'cart') as carts,
    (select count(*) from reviews) as reviews
