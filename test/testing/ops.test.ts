import { opSubjects } from './opLawTable.ts';
import { testSubjects } from './subjects.ts';

testSubjects(opSubjects);
