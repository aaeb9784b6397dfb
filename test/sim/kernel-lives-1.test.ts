import { kernelLives } from './kernel-lives.ts';

kernelLives(1, 55);
