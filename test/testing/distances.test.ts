import { distanceSubjects } from './distanceTable.ts';
import { testSubjects } from './subjects.ts';

testSubjects(distanceSubjects, 100);
