-- Whom does the shop order from?
select distinct supplier from products where supplier is not null order by supplier
