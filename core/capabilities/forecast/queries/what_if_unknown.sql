-- Of how many products is there no number for each of these changes, and why?
select price, promotion, stock, unknown, count(*) as count
from what_if
where segment = $segment and unknown <> ''
    and (
        (price = $price and price <> 0 and promotion = 'as is' and stock = 'as is')
        or (promotion = $promotion and promotion <> 'as is' and price = 0 and stock = 'as is')
        or (stock = $stock and stock <> 'as is' and price = 0 and promotion = 'as is')
    )
group by price, promotion, stock, unknown
order by count(*) desc nulls last, unknown nulls last, price nulls last, promotion nulls last, stock nulls last
