-- Which category has each product that has one?
select product_id, category from products where category is not null
