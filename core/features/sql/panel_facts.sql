-- whole_units: people buy pieces, one weighed return or correction in a hundred aside. Units wanted would not tell: lost ones are estimates.
select
    count(*) as rows, list(distinct segment order by segment) as segments,
    (select avg(case when units = floor(units) then 1.0 else 0.0 end) >= 0.99 from daily where units > 0) as whole_units
from panel_rows
