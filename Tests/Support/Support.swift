// oracles and tolerances shared by the tests
