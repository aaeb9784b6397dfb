import { kernelLives } from './kernel-lives.ts';

kernelLives(111, 55);
