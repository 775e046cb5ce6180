-- How many rows has the panel, and do people buy whole pieces?
-- whole_units: one weighed return or correction in a hundred aside. Units wanted would not show it, since lost ones are estimates.
select
    (select count(*) from panel_rows) as rows,
    (
        select avg(case when units = floor(units) then cast(1 as double) else cast(0 as double) end) >= 0.99
        from daily
        where units > 0
    ) as whole_units
