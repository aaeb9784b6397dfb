import { kernelLives } from './kernel-lives.ts';

kernelLives(56, 55);
