import { moduleSubjects } from './moduleTable.ts';
import { testSubjects } from './subjects.ts';

testSubjects(moduleSubjects);
